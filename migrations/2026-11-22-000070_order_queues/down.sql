drop index chats_uncalled;
drop index chats_queue;
create index chats_waiting on chats (department_id, requested_at) where state = 'waiting';
