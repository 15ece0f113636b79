{{ config(materialized='view') }}

with source as (

    select * from {{ source('shop', 'payments') }}

),

renamed as (

    select
        id as payment_id,
        order_id,
        payment_method,

        -- `amount` is currently stored in cents, so we convert it to dollars
        cast(amount / 100 as decimal(16, 2)) as amount,
        updated_on

    from source

)

select * from renamed
