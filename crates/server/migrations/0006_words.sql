-- What the sentence of an entry was made of (template and values, as JSON), so that it can be said in other languages. Entries from before
-- have none and stay English.
ALTER TABLE activity ADD COLUMN words TEXT;
