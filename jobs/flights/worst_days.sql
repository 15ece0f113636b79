-- The days on which departures of the carriers in carrier_daily were late by `least_min` minutes or more on average.
-- Grain: day. Out: dep_delay_mean_min: minutes, over flights that departed.
select
    day,
    sum(flights) as flights,
    sum(cancelled) as cancelled,
    try_divide(sum(dep_delay_mean_min * (flights - cancelled)), sum(flights - cancelled)) as dep_delay_mean_min
from carrier_daily
group by day
having dep_delay_mean_min >= :least_min
