-- +goose Up

-- Whether the building has caught up with all that had happened before it began: until then nobody is told of it.
ALTER TABLE build ADD COLUMN built BOOLEAN NOT NULL DEFAULT FALSE;

-- +goose Down
ALTER TABLE build DROP COLUMN built;
