/*
    A model whose second row has no id.
*/

{{ config(materialized='table') }}

with source_data as (

    select 1 as id
    union all
    select null as id

)

select *
from source_data

/*
    Uncomment the line below to leave that row out
*/

-- where id is not null
