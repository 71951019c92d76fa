package sickleave

// OfUnit returns, of a patient's certificates at a care provider, those that a care unit counts for its own list: signed by
// the unit, and not replaced or complemented by another signed one, of whichever unit. In the order given.
func OfUnit(certificates []Certificate, careUnitID string) []Certificate {
	var own []Certificate
	for _, c := range countingOf(certificates) {
		if c.CareUnitID == careUnitID {
			own = append(own, *c.Certificate)
		}
	}
	return own
}
