package careplan

// Reason says, for programs, why something was refused. Each is documented in the contract (reason.proto).
type Reason string

// The reasons of this package.
const (
	CarePlanActiveExists    Reason = "CARE_PLAN_ACTIVE_EXISTS"
	CarePlanNotDraft        Reason = "CARE_PLAN_NOT_DRAFT"
	CarePlanNotActive       Reason = "CARE_PLAN_NOT_ACTIVE"
	CarePlanInError         Reason = "CARE_PLAN_IN_ERROR"
	GoalMissing             Reason = "GOAL_MISSING"
	CareManagerMissing      Reason = "CARE_MANAGER_MISSING"
	GoalNotFound            Reason = "GOAL_NOT_FOUND"
	ScheduleInvalid         Reason = "SCHEDULE_INVALID"
	DateOutOfRange          Reason = "DATE_OUT_OF_RANGE"
	FieldRequired           Reason = "FIELD_REQUIRED"
	FieldNotAllowed         Reason = "FIELD_NOT_ALLOWED"
	CareEpisodeClosed       Reason = "CARE_EPISODE_CLOSED"
	ContactSlotTaken        Reason = "CONTACT_SLOT_TAKEN"
	ContactWrongState       Reason = "CONTACT_STATE"
	PlannedContactNotFound  Reason = "PLANNED_CONTACT_NOT_FOUND"
	PlannedContactBooked    Reason = "PLANNED_CONTACT_BOOKED"
	TimeInPast              Reason = "TIME_IN_PAST"
	TimeInFuture            Reason = "TIME_IN_FUTURE"
	MinutesOutOfRange       Reason = "MINUTES_OUT_OF_RANGE"
	UnknownInstrument       Reason = "UNKNOWN_INSTRUMENT"
	WrongItemCount          Reason = "WRONG_ITEM_COUNT"
	MissingItem             Reason = "MISSING_ITEM"
	NotAnInteger            Reason = "NOT_AN_INTEGER"
	ItemOutOfRange          Reason = "ITEM_OUT_OF_RANGE"
	ValueNotAllowed         Reason = "VALUE_NOT_ALLOWED"
	TotalOutOfRange         Reason = "TOTAL_OUT_OF_RANGE"
	TotalMismatch           Reason = "TOTAL_MISMATCH"
	TotalNotDefined         Reason = "TOTAL_NOT_DEFINED"
	PreviousScoreOutOfRange Reason = "PREVIOUS_SCORE_OUT_OF_RANGE"
	SafetyItemRequired      Reason = "SAFETY_ITEM_REQUIRED"
	AssessmentInError       Reason = "ASSESSMENT_IN_ERROR"
	SafetyFlagAssessed      Reason = "SAFETY_FLAG_ASSESSED"
	TextTooShort            Reason = "TEXT_TOO_SHORT"
)
