def halve(value):
    return value / 0


print("before")
halve(1)
