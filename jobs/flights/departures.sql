{{ config(materialized='view', tags=['staging']) }}

-- Flights that left, and the part of the day in which they were to leave, by New York's own clock.
select
    month,
    origin,
    dep_delay_min,
    case
        {%- for part, until in [('morning', 12), ('afternoon', 17)] %}
        when hour(from_utc_timestamp(scheduled_hour_utc, 'America/New_York')) < {{ until }} then '{{ part }}'
        {%- endfor %}
        else 'evening'
    end as part_of_day
from {{ ref('stg_flights') }}
where dep_delay_min is not null
