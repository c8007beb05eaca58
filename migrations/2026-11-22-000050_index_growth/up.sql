-- What is rare among very many chats is found by an index of its own: without it, a list of missed chats looks through all of them.
create index chats_missed on chats (requested_at) where state = 'missed';
create index chats_abandoned on chats (requested_at) where state = 'abandoned';
-- The boot rule asks for ends that lie in the future of the new clock; almost always there are none, and the start must not read every chat for it.
create index chats_by_steady_end on chats (ended_steady) where ended_steady is not null;
