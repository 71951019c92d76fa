package store

// PatientsOnLeaveQuery is what PatientsOnLeave asks, for a look at its plan.
const PatientsOnLeaveQuery = patientsOnLeave
