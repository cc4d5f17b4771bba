"""Third parties and backup suppliers: whom to call, what is proven, until when (C11)."""
