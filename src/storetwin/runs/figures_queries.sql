-- name: figures
-- Figures of the whole installation: counts and ages, no names.
SELECT figure, label, other, value FROM runs.figures();
