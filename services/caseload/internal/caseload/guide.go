package caseload

// HowTheModelWorks says it in a few plain sentences, for whoever sees a patient of the model for the first time.
func HowTheModelWorks() []string {
	return []string{
		"A team follows the patient: the GP, a care manager and, when the patient agrees to coordination, a rehabilitation coordinator.",
		"The GP examines, makes the diagnosis, decides on treatment and on every certificate, and answers what the others propose.",
		"The care manager keeps the care plan, talks with the patient at planned contacts, and follows symptoms with rating scales.",
		"The rehabilitation coordinator keeps in touch with the workplace and proposes a stepwise return to work, which the GP answers.",
		"In the dialogue meeting patient and employer, each heard in turn, agree with the coordinator on what each of them does next.",
		"The employer is told only what the patient has consented to, item by item; the patient may decline or change that at any time, and care goes on.",
		"The model coordinates care and keeps follow-ups from being forgotten; it has not been shown to shorten sick leave.",
	}
}
