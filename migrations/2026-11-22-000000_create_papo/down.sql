-- The first migration has nothing to go back to: delete the data directory instead.
select 1;
