"""A question about a sum, an answer whose arithmetic holds and one whose does not."""

QUESTION = "A farmer has 17 crates with 23 apples each. How many apples does the farmer have? End with #### and the number."
GOOD = "There are 17 crates with 23 apples each. 17 * 23 = 391. The farmer has 391 apples.\n#### 391"
BAD = "17 * 23 = 401, so I guess about 400 apples, or maybe not, I cannot say.\n#### 400"
