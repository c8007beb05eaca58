insert or ignore into receipts (scope, author, client_id, fingerprint, chat_id, seq, at)
  select chat_id, coalesce(actor_id, x''), client_id, fingerprint, chat_id, seq, at from timeline where fingerprint is not null;
alter table timeline drop column fingerprint;
