package access

import (
	"context"
	"slices"
	"sync"
)

// Place is where a patient or a resource belongs. UnitID is empty for what belongs to a whole care provider.
type Place struct {
	ProviderID string
	UnitID     string
}

// IsZero says that it is no place.
func (p Place) IsZero() bool { return p == Place{} }

// Locator tells where something stands; false when there is no such thing.
type Locator func(ctx context.Context, id string) (Place, bool, error)

type foundKey struct{}

// found is what the guard found out about a request, for the handler and the access log.
type found struct {
	place   Place
	units   []string
	patient string
}

func withFound(ctx context.Context, f found) context.Context {
	return context.WithValue(ctx, foundKey{}, f)
}

// PlaceFrom is the place of the patient, unit or resource that the request points to.
func PlaceFrom(ctx context.Context) Place {
	f, _ := ctx.Value(foundKey{}).(found)
	return f.place
}

// UnitsFrom are the caller's units where one of the method's roles is held (SCOPE_OWN_UNITS); never nil there, perhaps empty.
func UnitsFrom(ctx context.Context) []string {
	f, _ := ctx.Value(foundKey{}).(found)
	return f.units
}

// PatientFrom is the patient that the request points to (SCOPE_PATIENT).
func PatientFrom(ctx context.Context) string {
	f, _ := ctx.Value(foundKey{}).(found)
	return f.patient
}

// WithPlace gives a context the place that work done unasked is for.
func WithPlace(ctx context.Context, place Place) context.Context {
	return withFound(ctx, found{place: place})
}

type touchedKey struct{}

// Collect gives a context in which a handler can name patients whose data it changes without showing them, and a way to read
// who was named.
func Collect(ctx context.Context) (context.Context, func() []string) {
	var mu sync.Mutex
	var touched []string
	note := func(patientID string) {
		mu.Lock()
		defer mu.Unlock()
		if !slices.Contains(touched, patientID) {
			touched = append(touched, patientID)
		}
	}
	return context.WithValue(ctx, touchedKey{}, note), func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(touched)
	}
}

// Touch names a patient whose data the call changes and its answer does not show, for the access log.
func Touch(ctx context.Context, patientID string) {
	if note, ok := ctx.Value(touchedKey{}).(func(string)); ok {
		note(patientID)
	}
}
