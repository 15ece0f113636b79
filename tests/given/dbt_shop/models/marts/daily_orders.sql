select ordered_on, count(*) as orders
from {{ source('bakery', 'tills') }} as tills
join {{ ref('orders') }} as orders on orders.ordered_on = tills.day
where tills.open
group by ordered_on
