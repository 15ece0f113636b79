{{ config(materialized='incremental', incremental_strategy='insert_overwrite', partition_by='month') }}

-- How many departures are late, by airport, month and part of the day: delays add up towards the evening.
-- Grain: (origin, month, part_of_day). Out: late_N: departures that were N minutes late or more.
select
    origin,
    part_of_day,
    count(*) as departures,
    {%- for least in var('late_min') %}
    count_if(dep_delay_min >= {{ least }}) as late_{{ least }},
    {%- endfor %}
    month
from {{ ref('departures') }}
group by origin, month, part_of_day
