package employerdialogue

// Settings are how a care unit holds its meetings. A field that is zero stands for its default.
type Settings struct {
	Place     Place   // of a meeting that names none
	Length    int     // minutes, of a meeting that names none
	Purpose   Purpose // of a meeting that names none
	BriefDays int     // how many days before a meeting the care manager's brief may have been acknowledged
}

// The defaults, as the model has them.
const (
	LengthDefault = 60
	BriefDays     = 5
)

// Whole names every value.
func (s Settings) Whole() Settings {
	if s.Place == "" {
		s.Place = AtCentre
	}
	if s.Length == 0 {
		s.Length = LengthDefault
	}
	if s.Purpose == "" {
		s.Purpose = PlanMaking
	}
	if s.BriefDays == 0 {
		s.BriefDays = BriefDays
	}
	return s
}
