package soup

import (
	"os"
	"time"

	"github.com/stretchr/testify/require"
)

var (
	_ = os.ReadFile
	_ = require.Equal
	_ = time.Now // want domain-clock
)
