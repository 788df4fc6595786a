"""Makes the peer's tables and some users; prints their tokens as JSON.

usage: prepare.py USERS
"""

import json
import sys
import time

import jwt
from app import SECRET, Base, SessionLocal, User, engine

Base.metadata.create_all(engine)
with SessionLocal() as db:
    users = [User(email=f"load-{number}@example.org") for number in range(int(sys.argv[1]))]
    db.add_all(users)
    db.commit()
    end = int(time.time()) + 3600
    print(json.dumps([jwt.encode({"sub": str(user.id), "exp": end}, SECRET, algorithm="HS256") for user in users]))
