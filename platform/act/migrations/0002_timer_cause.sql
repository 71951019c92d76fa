-- +goose Up

-- The trace context of the write that the timer follows from, to which the trace of its firing links.
ALTER TABLE timer ADD COLUMN trace_parent TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE timer DROP COLUMN trace_parent;
