"""The risk register (R1–R3, R5): risks and their assessments, the matrix, controls with live
evidence, acceptance for a time, rounds of identification, and links to what happened."""
