"""What a run costs, what checks cost, and how that grows, beside other ways to the same rows."""
