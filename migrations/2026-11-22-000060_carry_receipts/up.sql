-- The receipt of a command that made an entry is in the entry's row: `client_id` and the hash of the command's content. `receipts` keeps those of commands
-- that made none, of requests, and of everything before this migration.
alter table timeline add column fingerprint blob;
