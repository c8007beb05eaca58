-- A queue stands in an index in its order: where somebody waits is counted there, and neither routing nor a desk reads and sorts all who wait. The last two
-- columns are for counting alone, which then reads no row.
drop index chats_waiting;
create index chats_queue on chats (department_id, (started_at is null), requested_at, id, started_at, state) where state = 'waiting';
-- Whoever nobody was called for: a request must not look at all who wait before it.
create index chats_uncalled on chats (department_id, (started_at is null), requested_at, id) where state = 'waiting' and circle = 0;
