-- How long the answers of a store took, so that more can be told of it than an average: how many came within which time.
ALTER TABLE runs.runs ADD COLUMN answer_times integer[] CHECK (cardinality(answer_times) <= 40);
COMMENT ON COLUMN runs.runs.answer_times IS
    'Answers by what they took: the first number within 5 ms, each further one within about a third more. Absent: the run is '
    'older than this column; one that goes on since then has only those that came later.';
