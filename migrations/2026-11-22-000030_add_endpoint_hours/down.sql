drop index deliveries_held;
drop table endpoint_hours;
