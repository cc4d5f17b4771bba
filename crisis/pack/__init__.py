"""The pack for the day on which nothing works: whom to call, which words are approved, which clocks
run, what the plan says; one PDF and one page that open without this product (C13)."""
