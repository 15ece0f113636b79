{{ config(materialized='incremental', unique_key='payment_id') }}

select
    payments.payment_id,
    payments.order_id,
    orders.customer_id,
    payments.payment_method,
    payments.amount,
    payments.updated_on

from {{ ref('stg_payments') }} as payments

left join {{ ref('stg_orders') }} as orders
    on payments.order_id = orders.order_id

{% if is_incremental() %}

where payments.updated_on >= (select max(updated_on) from {{ this }})

{% endif %}
