package employerdialogue

// Guide is how to lead a meeting; for the moderator, not for the employer. Texts are in Swedish.
type Guide struct {
	GroundRules                       []string
	QuestionToPatient, QuestionToBoss string
	Agenda                            []GuidePoint
	Outcomes                          []string
	Length                            int // minutes
}

// GuidePoint is one point of the agenda; Text is empty when there is only the heading.
type GuidePoint struct{ Heading, Text string }

// Guide renders the guide: nothing is negotiated, the patient is asked first, and the patient's own description and needs stand
// first in the agenda; the purpose decides what follows. The settings are the unit's.
func (m Meeting) Guide(settings Settings) Guide {
	g := Guide{
		GroundRules: []string{
			"Mötet är ingen förhandling. Lön, anställningsavtal och tvister tas inte upp.",
			"Patienten bestämmer vad som får sägas; ingen behöver berätta om den privata orsaken.",
			"Koordinatorn leder samtalet och stöder den som har det svårast att göra sig hörd.",
			"Patienten kan när som helst be om paus eller avsluta, utan att säga varför.",
		},
		QuestionToPatient: "Hur ser du på din situation, och vad behöver du?",
		QuestionToBoss:    "Hur ser du som arbetsgivare på situationen?",
		Length:            m.Slot.Length,
	}
	if g.Length == 0 {
		g.Length = settings.Whole().Length
	}
	var own Preparation
	if m.Preparation != nil {
		own = *m.Preparation
	}
	g.Agenda = []GuidePoint{
		{Heading: "Patientens egen beskrivning", Text: own.OwnDescription},
		{Heading: "Patientens behov", Text: own.Needs},
		{Heading: "Arbetsgivarens syn på situationen"},
	}
	for _, point := range m.Agenda {
		g.Agenda = append(g.Agenda, GuidePoint{Heading: topicText(point.Topic), Text: point.Text})
	}
	if m.Purpose == IceBreaker {
		g.Agenda = append(g.Agenda, GuidePoint{Heading: "Kontakten framöver"})
		g.Outcomes = []string{"Båda har berättat hur de ser på situationen.", "Det är sagt hur kontakten ska vara framöver."}
	} else {
		g.Agenda = append(g.Agenda, GuidePoint{Heading: "Steg tillbaka i arbete och anpassningar"}, GuidePoint{Heading: "Vem gör vad, och när"})
		g.Outcomes = []string{
			"Fakta: det som båda bekräftar.", "Överenskommelser: det som ska gälla.",
			"Åtgärder: var och en med ansvarig, start och slutdag.",
		}
	}
	g.Agenda = append(g.Agenda, GuidePoint{Heading: "Slutsats och överenskommelse"})
	return g
}

func topicText(topic Topic) string {
	switch topic {
	case "TASKS":
		return "Arbetsuppgifter"
	case "ADAPTATIONS":
		return "Anpassningar"
	case "RETURN_STEPS":
		return "Arbetstid och steg tillbaka"
	case "WORK_ENVIRONMENT":
		return "Arbetsmiljö"
	case "CONTACT_MEANWHILE":
		return "Kontakt under tiden"
	case "FOLLOW_UP":
		return "Uppföljning"
	default:
		return "Övrigt"
	}
}
