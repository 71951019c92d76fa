package employerdialogue

import (
	"fmt"
	"strings"

	"github.com/coworkcare/coworkcare/platform/date"
)

// Case is everything that is known here of a case and that an employer might ask about. Most of it is not for the employer:
// See decides.
type Case struct {
	Meeting     *Meeting   // the latest with the employer; nil when there is none
	Agreement   *Agreement // nil when there is none
	SickLeave   []Step     // the certified periods in force or to come, with their degrees
	ReturnSteps []Step     // those of the return-to-work plan
	Diagnoses   []string
	Scores      []Score
}

// Score is the latest result with an instrument.
type Score struct {
	AssessmentID, Instrument, Band string
	Day                            date.Day
	Total                          *int
	Mean, Change                   *float64
	Response, Remission            bool
	Course                         []ScorePoint // of the instrument, this result last; never for an employer
}

// ScorePoint is one result in a course: a sum or, for instruments that average, a mean.
type ScorePoint struct {
	Day   date.Day
	Score float64
}

// ViewItem is one item that an employer sees, line by line, in Swedish.
type ViewItem struct {
	Item  Item
	Lines []string
}

// View is what an employer sees: Shown and nothing else.
type View struct {
	Shown    []ViewItem
	Withheld []Item // not consented to
	Empty    []Item // consented to, but nothing is known
	Revision int    // of the consents it was built under
}

// See decides what an employer sees of a case: item by item what the patient consents to, by default nothing. Whatever reaches
// an employer is rendered from its View. An item's lines are made only once the item has passed.
func See(c Case, consents Consents) View {
	view := View{Revision: consents.Revision}
	for _, item := range Items() {
		if !consents.Covers(item) {
			view.Withheld = append(view.Withheld, item)
			continue
		}
		if lines := linesOf(item, c); len(lines) > 0 {
			view.Shown = append(view.Shown, ViewItem{Item: item, Lines: lines})
		} else {
			view.Empty = append(view.Empty, item)
		}
	}
	return view
}

func linesOf(item Item, c Case) []string {
	switch item {
	case ItemContact:
		return contactLines(c.Meeting)
	case ItemSickLeave:
		return stepLines(c.SickLeave, "Sjukskriven %d procent från %s till %s.")
	case ItemReturnPlan:
		return stepLines(c.ReturnSteps, "Planerad sjukskrivning %d procent från %s till %s.")
	case ItemWorkAbility:
		return said(c.Meeting, func(p Preparation) []string { return []string{p.WorkAbility} })
	case ItemPerspective:
		return perspectiveLines(c.Meeting)
	case ItemAgreement:
		return agreementLines(c.Agreement)
	case ItemContactWish:
		return said(c.Meeting, func(p Preparation) []string { return []string{p.ContactWish} })
	case ItemDiagnosis:
		return filled(c.Diagnoses)
	case ItemScores:
		return scoreLines(c.Scores)
	default:
		return nil
	}
}

func filled(lines []string) []string {
	var kept []string
	for _, line := range lines {
		if !blank(line) {
			kept = append(kept, line)
		}
	}
	return kept
}

func contactLines(m *Meeting) []string {
	if m == nil {
		return nil
	}
	lines := []string{"En rehabkoordinator på vårdcentralen håller i kontakten med arbetsplatsen."}
	if !m.Slot.Time.IsZero() {
		local := m.Slot.Time.In(date.Stockholm())
		lines = append(lines, fmt.Sprintf("Dialogmöte %s klockan %s, %d minuter, %s.",
			local.Format("2006-01-02"), local.Format("15:04"), m.Slot.Length, placeText(m.Slot.Place)))
	}
	return lines
}

func placeText(place Place) string {
	switch place {
	case AtWorkplace:
		return "på arbetsplatsen"
	case ByVideo:
		return "via video"
	default:
		return "på vårdcentralen"
	}
}

func stepLines(steps []Step, format string) []string {
	var lines []string
	for _, s := range steps {
		end := "vidare"
		if !s.End.IsZero() {
			end = s.End.String()
		}
		lines = append(lines, fmt.Sprintf(format, s.Degree, s.Start, end))
	}
	return lines
}

func said(m *Meeting, pick func(Preparation) []string) []string {
	if m == nil || m.Preparation == nil {
		return nil
	}
	return filled(pick(*m.Preparation))
}

func perspectiveLines(m *Meeting) []string {
	lines := said(m, func(p Preparation) []string { return []string{p.OwnDescription, p.Needs} })
	if m == nil {
		return lines
	}
	if p, ok := m.PerspectiveOf(Patient); ok {
		lines = append(lines, p.Text)
	}
	return lines
}

func agreementLines(a *Agreement) []string {
	if a == nil {
		return nil
	}
	var lines []string
	for _, list := range []struct {
		heading string
		points  []Point
	}{{"Fakta", a.Facts}, {"Överenskommet", a.Agreements}} {
		for _, p := range list.points {
			if !p.Withheld {
				lines = append(lines, list.heading+": "+p.Text)
			}
		}
	}
	for _, action := range a.Actions {
		if action.Withheld {
			continue
		}
		line := fmt.Sprintf("Åtgärd (%s): %s, klar senast %s", ownerText(action.Owner), action.Text, action.Due)
		if !action.StartBy.IsZero() {
			line += fmt.Sprintf(", påbörjad senast %s", action.StartBy)
		}
		lines = append(lines, line)
	}
	return lines
}

func ownerText(party Party) string {
	switch party {
	case Patient:
		return "medarbetaren"
	case Employer:
		return "arbetsgivaren"
	default:
		return "vårdcentralen"
	}
}

func scoreLines(scores []Score) []string {
	var lines []string
	for _, s := range scores {
		line := s.Instrument + " " + s.Day.String()
		switch {
		case s.Total != nil:
			line += fmt.Sprintf(": %d", *s.Total)
		case s.Mean != nil:
			line += fmt.Sprintf(": %.2f", *s.Mean)
		}
		if s.Band != "" {
			line += " (" + s.Band + ")"
		}
		lines = append(lines, line)
	}
	return lines
}

// Document is the view as a text for the employer, in Swedish; empty when there is nothing to see.
func (v View) Document() string {
	if len(v.Shown) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("Information till arbetsgivaren\nMedarbetaren har samtyckt till att följande lämnas ut.\n")
	for _, item := range v.Shown {
		fmt.Fprintf(&b, "\n%s\n", headingOf(item.Item))
		for _, line := range item.Lines {
			fmt.Fprintf(&b, "- %s\n", line)
		}
	}
	return b.String()
}

func headingOf(item Item) string {
	switch item {
	case ItemContact:
		return "Kontakt"
	case ItemSickLeave:
		return "Sjukskrivning"
	case ItemReturnPlan:
		return "Plan för återgång i arbete"
	case ItemWorkAbility:
		return "Arbetsförmåga"
	case ItemPerspective:
		return "Medarbetarens egen beskrivning och behov"
	case ItemAgreement:
		return "Överenskommelse"
	case ItemContactWish:
		return "Önskad kontakt under tiden"
	case ItemDiagnosis:
		return "Diagnos"
	default:
		return "Skattningar"
	}
}
