-- What the tables of examples/shop must hold, said once more by hand for DuckDB, from the same files.
-- What it knows of the contracts is written down here a second time, on purpose.

create view good_customers as
select id::int as id, first_name, last_name
from read_csv('customers.csv', header = true, all_varchar = true);

create view good_orders as
select id::int as id, user_id::int as user_id, order_date::date as order_date, status
from read_csv('orders.csv', header = true, all_varchar = true);

create view good_payments as
select id::int as id, order_id::int as order_id, payment_method,
       (amount::int / 100)::decimal(16, 2) as dollars, updated_on::date as updated_on
from read_csv('payments.csv', header = true, all_varchar = true)
where payment_method in ('credit_card', 'coupon', 'bank_transfer', 'gift_card');

create table customers as
select c.id as customer_id, c.first_name, c.last_name,
       (select min(order_date) from good_orders o where o.user_id = c.id) as first_order,
       (select max(order_date) from good_orders o where o.user_id = c.id) as most_recent_order,
       nullif((select count(*) from good_orders o where o.user_id = c.id), 0) as number_of_orders,
       (select sum(p.dollars) from good_payments p
        where p.order_id in (select o.id from good_orders o where o.user_id = c.id))::decimal(26, 2)
           as customer_lifetime_value
from good_customers c;

-- An order without payments has no amounts; one that is paid has 0 for the ways in which it is not paid.
create macro paid(o, way) as (
    select sum(if(payment_method = way, dollars, 0))::decimal(26, 2) from good_payments where order_id = o
);

create table orders as
select id as order_id, user_id as customer_id, order_date, status,
       paid(id, 'credit_card') as credit_card_amount,
       paid(id, 'coupon') as coupon_amount,
       paid(id, 'bank_transfer') as bank_transfer_amount,
       paid(id, 'gift_card') as gift_card_amount,
       (select sum(dollars) from good_payments p where p.order_id = o.id)::decimal(26, 2) as amount
from good_orders o;

create table payments as
select p.id as payment_id, p.order_id, o.user_id as customer_id, p.payment_method,
       p.dollars as amount, p.updated_on
from good_payments p left join good_orders o on o.id = p.order_id;

create table customer_segments as
select case when number_of_orders >= 2 then 'loyal' when number_of_orders = 1 then 'occasional' else 'new' end
           as segment,
       count(*) as customers,
       sum(customer_lifetime_value)::decimal(36, 2) as lifetime_value
from customers
group by 1;
