package careplan

import (
	_ "embed" // the definitions
	"encoding/json"
	"fmt"
	"math"
	"slices"
)

//go:embed instruments.json
var definitions string

// Scoring is how answers become a score.
type Scoring string

// The ways of scoring.
const (
	ScoringSum     Scoring = "SUM"
	ScoringMean    Scoring = "MEAN"
	ScoringProfile Scoring = "PROFILE"
)

// Item is what one item takes: a whole number from Min to Max and, when Allowed is set, one of its values.
type Item struct {
	Min     int
	Max     int
	Allowed []int
}

// Band is a run of scores that bears a name. It begins at From and ends where the next one begins.
type Band struct {
	Name string  `json:"name"`
	From float64 `json:"from"` // at most two decimals
}

// Safety is the item that a person must see, and from which answer on. The thresholds are policy owned by a clinician.
type Safety struct {
	Item     int `json:"item"` // 1 for the first
	ReviewAt int `json:"review_at"`
	UrgentAt int `json:"urgent_at"`
}

// Level is what an answer to the safety item asks for.
func (s *Safety) Level(answer int) SafetyLevel {
	switch {
	case s == nil:
		return SafetyNone
	case answer >= s.UrgentAt:
		return SafetyUrgent
	case answer >= s.ReviewAt:
		return SafetyReview
	default:
		return SafetyNone
	}
}

// Loinc is a LOINC code of a part of the instrument.
type Loinc struct {
	Part string `json:"part"`
	Code string `json:"code"`
}

// Instrument is the definition of a self-rating instrument: its ranges, bands and thresholds, never its text. Items stand in
// the order of the published form and hold the values after any reverse scoring.
type Instrument struct {
	Code    string
	Title   string
	Scoring Scoring
	Recall  string
	Items   []Item
	Bands   []Band
	// Safety is nil when no item needs to be seen.
	Safety *Safety
	// ResponsePercent is the fall from baseline, in per cent, that is a response; 0 when none is defined.
	ResponsePercent int
	// RemissionMax is the highest score that is remission; nil when none is defined.
	RemissionMax *float64
	Licence      string
	Loinc        []Loinc
	Sources      []string
}

// Range returns the lowest and the highest score. It means nothing for a profile.
func (i *Instrument) Range() (low, high float64) {
	for _, item := range i.Items {
		low += float64(item.Min)
		high += float64(item.Max)
	}
	if i.Scoring == ScoringMean {
		return low / float64(len(i.Items)), high / float64(len(i.Items))
	}
	return low, high
}

// Instruments is the catalogue. It is not changed once loaded.
type Instruments struct {
	all    []*Instrument
	byCode map[string]*Instrument
}

// LoadInstruments reads the definitions embedded in the product. It fails when one contradicts itself: the server then does
// not start.
func LoadInstruments() (*Instruments, error) { return parseInstruments([]byte(definitions)) }

// All returns the instruments in their fixed order.
func (c *Instruments) All() []*Instrument { return slices.Clone(c.all) }

// Get finds an instrument by its code, spelled exactly.
func (c *Instruments) Get(code string) (*Instrument, bool) {
	i, ok := c.byCode[code]
	return i, ok
}

// definition is an instrument as the file writes it: items that are alike stand together.
type definition struct {
	Code    string  `json:"code"`
	Title   string  `json:"title"`
	Scoring Scoring `json:"scoring"`
	Recall  string  `json:"recall"`
	Items   []struct {
		Count   int   `json:"count"`
		Min     int   `json:"min"`
		Max     int   `json:"max"`
		Allowed []int `json:"allowed"`
	} `json:"items"`
	Bands           []Band   `json:"bands"`
	Safety          *Safety  `json:"safety"`
	ResponsePercent int      `json:"response_percent"`
	RemissionMax    *float64 `json:"remission_max"`
	Licence         string   `json:"licence"`
	Loinc           []Loinc  `json:"loinc"`
	Sources         []string `json:"sources"`
}

func parseInstruments(text []byte) (*Instruments, error) {
	var defined []definition
	if err := json.Unmarshal(text, &defined); err != nil {
		return nil, fmt.Errorf("reading the instruments: %w", err)
	}
	catalogue := &Instruments{byCode: map[string]*Instrument{}}
	for _, d := range defined {
		i := &Instrument{Code: d.Code, Title: d.Title, Scoring: d.Scoring, Recall: d.Recall, Bands: d.Bands, Safety: d.Safety,
			ResponsePercent: d.ResponsePercent, RemissionMax: d.RemissionMax, Licence: d.Licence, Loinc: d.Loinc, Sources: d.Sources}
		for _, group := range d.Items {
			for range group.Count {
				i.Items = append(i.Items, Item{Min: group.Min, Max: group.Max, Allowed: group.Allowed})
			}
		}
		if err := i.check(); err != nil {
			return nil, fmt.Errorf("instrument %q: %w", d.Code, err)
		}
		if _, twice := catalogue.byCode[i.Code]; twice {
			return nil, fmt.Errorf("instrument %q is defined twice", i.Code)
		}
		catalogue.all = append(catalogue.all, i)
		catalogue.byCode[i.Code] = i
	}
	return catalogue, nil
}

// check finds what would make the scorer answer nonsense.
func (i *Instrument) check() error {
	if i.Code == "" || i.Title == "" || i.Licence == "" || len(i.Items) == 0 {
		return fmt.Errorf("code, title, licence and items are needed")
	}
	for n, item := range i.Items {
		if item.Max < item.Min {
			return fmt.Errorf("item %d has no value", n+1)
		}
		for _, value := range item.Allowed {
			if value < item.Min || value > item.Max {
				return fmt.Errorf("item %d allows a value outside its range", n+1)
			}
		}
		if i.Scoring == ScoringProfile && (item.Min < 0 || item.Max > 9) {
			return fmt.Errorf("item %d does not fit one digit of the profile", n+1)
		}
	}
	if s := i.Safety; s != nil {
		if s.Item < 1 || s.Item > len(i.Items) || s.ReviewAt > s.UrgentAt {
			return fmt.Errorf("the safety item is not one of the items, or its thresholds are out of order")
		}
		item := i.Items[s.Item-1]
		if s.ReviewAt <= item.Min || s.UrgentAt > item.Max {
			return fmt.Errorf("the thresholds of the safety item lie outside its range")
		}
	}
	switch i.Scoring {
	case ScoringProfile:
		if len(i.Bands) > 0 || i.ResponsePercent != 0 || i.RemissionMax != nil {
			return fmt.Errorf("a profile has neither bands nor targets")
		}
		return nil
	case ScoringSum, ScoringMean:
		return i.checkBands()
	default:
		return fmt.Errorf("the way of scoring is not known")
	}
}

func (i *Instrument) checkBands() error {
	low, high := i.Range()
	if len(i.Bands) == 0 || i.Bands[0].From != low {
		return fmt.Errorf("the first band must begin at the lowest score")
	}
	for n, band := range i.Bands {
		if band.Name == "" || band.From > high || n > 0 && band.From <= i.Bands[n-1].From {
			return fmt.Errorf("band %d is unnamed, out of order or out of range", n+1)
		}
		if hundredths := band.From * 100; math.Abs(hundredths-math.Round(hundredths)) > 1e-9 {
			return fmt.Errorf("band %d begins at more than two decimals", n+1)
		}
	}
	return nil
}
