package act

import "embed"

// Migrations makes the tables that every service's schema has from the chassis: the event log, the cursors of its consumers,
// timers, request ids, and where patients belong.
//
//go:embed migrations/*.sql
var Migrations embed.FS
