import time

for second in range(600):
    print(f"tick {second}", flush=True)
    time.sleep(0.5)
