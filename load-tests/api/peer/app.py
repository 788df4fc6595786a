"""The peer's side of the API bench: the seed's two calls on FastAPI and SQLAlchemy, written as their documentation does.

Bearer JWT on every call, the user is loaded, ownership is in the query, answers go through Pydantic.
"""

import os
import uuid
from datetime import datetime
from typing import Annotated, List, Optional

import jwt
from fastapi import APIRouter, Depends, FastAPI, HTTPException
from fastapi.security import OAuth2PasswordBearer
from pydantic import BaseModel, ConfigDict
from sqlalchemy import Column, DateTime, ForeignKey, Index, Integer, String, Text, create_engine, func
from sqlalchemy.orm import Session, declarative_base, sessionmaker

SECRET = os.environ["PEER_SECRET"]

# 20 connections in all, as ours has: two processes with ten each.
engine = create_engine(os.environ["PEER_DATABASE"], pool_size=10, max_overflow=0)
SessionLocal = sessionmaker(bind=engine, autoflush=False)
Base = declarative_base()
oauth2 = OAuth2PasswordBearer(tokenUrl="/api/v1/auth/login")


class User(Base):
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
    email = Column(String, unique=True, nullable=False)


class CodeProject(Base):
    __tablename__ = "code_projects"
    id = Column(String, primary_key=True, default=lambda: str(uuid.uuid4()))
    user_id = Column(Integer, ForeignKey("users.id"), nullable=False)
    name = Column(String, nullable=False)
    description = Column(Text, nullable=True)
    language = Column(String, nullable=True)
    repository_url = Column(String, nullable=True)
    storage_path = Column(String, nullable=True)
    created_at = Column(DateTime(timezone=True), server_default=func.now())
    updated_at = Column(DateTime(timezone=True), server_default=func.now(), onupdate=func.now())
    __table_args__ = (Index("idx_code_projects_user_id", "user_id"), Index("idx_code_projects_created_at", "created_at"))


class CodeProjectCreate(BaseModel):
    name: str
    description: Optional[str] = None
    language: Optional[str] = None
    repository_url: Optional[str] = None


class CodeProjectSchema(CodeProjectCreate):
    id: str
    user_id: int
    storage_path: Optional[str] = None
    created_at: datetime
    updated_at: datetime
    model_config = ConfigDict(from_attributes=True)


def get_db():
    db = SessionLocal()
    try:
        yield db
    finally:
        db.close()


Db = Annotated[Session, Depends(get_db)]


def get_current_user(db: Db, token: Annotated[str, Depends(oauth2)]):
    try:
        claims = jwt.decode(token, SECRET, algorithms=["HS256"])
    except jwt.InvalidTokenError:
        raise HTTPException(401, "Could not validate credentials") from None
    user = db.get(User, int(claims["sub"]))
    if user is None:
        raise HTTPException(401, "Could not validate credentials")
    return user


CurrentUser = Annotated[User, Depends(get_current_user)]
router = APIRouter()


@router.get("/", response_model=List[CodeProjectSchema])
def get_code_projects(db: Db, current_user: CurrentUser):
    return db.query(CodeProject).filter(CodeProject.user_id == current_user.id).order_by(CodeProject.created_at.desc()).limit(50).all()


@router.post("/", response_model=CodeProjectSchema, status_code=201)
def create_code_project(project_in: CodeProjectCreate, db: Db, current_user: CurrentUser):
    project = CodeProject(**project_in.model_dump(), user_id=current_user.id)
    db.add(project)
    db.commit()
    db.refresh(project)
    return project


app = FastAPI()
app.include_router(router, prefix="/api/v1/code")
