alter table organisation drop column attempt_days;
alter table organisation drop column body_days;
drop table resendings;
drop index deliveries_of_filter;
