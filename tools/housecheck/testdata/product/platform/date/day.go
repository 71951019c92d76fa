package date

import (
	"database/sql/driver"
	"time"

	"github.com/rickar/cal/v2"
	"github.com/stretchr/testify/require" // want domain-import
)

type Day int32

func Today() Day { return Day(time.Now().Unix() / 86400) } // want domain-clock

var (
	_ driver.Valuer
	_ cal.Calendar
	_ = require.Equal
)
