package soup_test

import (
	_ "github.com/coworkcare/coworkcare/services/bread" // want layer
	_ "github.com/coworkcare/coworkcare/services/soup"
)
