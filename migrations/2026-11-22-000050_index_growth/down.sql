drop index chats_by_steady_end;
drop index chats_abandoned;
drop index chats_missed;
