package worker

import "github.com/coworkcare/coworkcare/services/soup/internal/api" // want room

type Worker struct{ s api.Server }
