{% set methods = ['card', 'cash'] %}

with paid as (

    select
        order_id,
        {% for method in methods -%}
        sum(case when method = '{{ method }}' then amount else 0 end) as {{ method }}_amount,
        {% endfor -%}
        sum(amount) as amount
    from {{ ref('stg_payments') }}
    group by order_id

)

select
    orders.order_id,
    orders.customer_id,
    orders.ordered_on,
    orders.status,
    {%- for method in methods %}
    paid.{{ method }}_amount,
    {%- endfor %}
    paid.amount
from {{ ref('stg_orders') }} as orders
left join paid on orders.order_id = paid.order_id
