{{ config(alias='dim_customers', tags=['marts']) }}

select
    customers.customer_id,
    customers.first_name,
    count(orders.order_id) as orders,
    sum(orders.amount) as amount
from {{ ref('stg_customers') }} as customers
left join {{ ref('orders') }} as orders on customers.customer_id = orders.customer_id
group by customers.customer_id, customers.first_name
