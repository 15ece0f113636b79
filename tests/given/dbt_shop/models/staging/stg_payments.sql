{{ config(materialized='ephemeral') }}

select
    id as payment_id,
    order_id,
    method,
    cast(amount / 100 as decimal(16, 2)) as amount,
    paid_on,
    '{{ env_var("BAKERY_TILL", "till-1") }}' as till
from {{ ref("raw_payments") }}
