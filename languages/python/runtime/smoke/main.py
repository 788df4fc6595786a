print(f"hello {input()} from python")
