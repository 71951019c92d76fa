package date

import (
	"time"
	_ "time/tzdata" // the zone must not depend on what the machine has installed
)

// stockholm is the one time zone of the product. It is read-only.
var stockholm = loadStockholm()

// loadStockholm stops the process when the zone cannot be read, which happens
// only when ZONEINFO points to a broken file: every due time would be wrong.
func loadStockholm() *time.Location {
	location, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		panic("date: cannot read the time zone Europe/Stockholm: " + err.Error())
	}
	return location
}

// Stockholm returns the time zone in which all civil days are read.
func Stockholm() *time.Location { return stockholm }
