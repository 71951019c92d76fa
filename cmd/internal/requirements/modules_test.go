package requirements_test

import (
	"github.com/coworkcare/coworkcare/platform/app"
	"github.com/coworkcare/coworkcare/services/careplan"
	"github.com/coworkcare/coworkcare/services/employerdialogue"
	"github.com/coworkcare/coworkcare/services/followup"
	registry "github.com/coworkcare/coworkcare/services/patient"
	"github.com/coworkcare/coworkcare/services/sickleave"
)

// modules are the services, as the program has them.
var modules = []app.Module{registry.Module, careplan.Module, sickleave.Module, employerdialogue.Module, followup.Module}
